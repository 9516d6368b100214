use harness::{Ids, Peer, Vocab};

struct Tiktoken(&'static tiktoken::CoreBpe);

impl Peer for Tiktoken {
    fn load(vocab: &Vocab) -> Result<Self, String> {
        let name = match vocab.name.as_str() {
            "cl100k" => "cl100k_base",
            "o200k" => "o200k_base",
            "gptoss" => "o200k_harmony",
            "llama3" => "llama3",
            "deepseek_v3" => "deepseek_v3",
            other => return Err(format!("has no vocabulary '{other}'")),
        };
        tiktoken::get_encoding(name).map(Tiktoken).ok_or("is not compiled in".into())
    }
    fn whole(&mut self, text: &str, threads: usize) -> Result<Ids, String> {
        Ok(Ids::Flat(if threads > 1 { self.0.encode_parallel(text) } else { self.0.encode(text) }))
    }
    fn documents(&mut self, documents: &[&str], _threads: usize) -> Result<Ids, String> {
        Ok(Ids::Rows(documents.iter().map(|d| self.0.encode(d)).collect()))
    }
    fn decode(&mut self, ids: &[u32]) -> Result<Vec<u8>, String> {
        Ok(self.0.decode(ids))
    }
}

fn main() {
    harness::main::<Tiktoken>();
}
