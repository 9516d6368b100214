use harness::{Ids, Peer, Vocab};

struct Tiktoken(tiktoken_rs::CoreBPE);

impl Peer for Tiktoken {
    fn load(vocab: &Vocab) -> Result<Self, String> {
        match vocab.name.as_str() {
            "cl100k" => tiktoken_rs::cl100k_base(),
            "o200k" => tiktoken_rs::o200k_base(),
            other => return Err(format!("has no vocabulary '{other}'")),
        }
        .map(Tiktoken)
        .map_err(|e| e.to_string())
    }
    fn whole(&mut self, text: &str, _threads: usize) -> Result<Ids, String> {
        Ok(Ids::Flat(self.0.encode_ordinary(text)))
    }
    fn documents(&mut self, documents: &[&str], _threads: usize) -> Result<Ids, String> {
        Ok(Ids::Rows(documents.iter().map(|d| self.0.encode_ordinary(d)).collect()))
    }
    fn decode(&mut self, ids: &[u32]) -> Result<Vec<u8>, String> {
        self.0.decode_bytes(ids).map_err(|_| "unknown id".into())
    }
}

fn main() {
    harness::main::<Tiktoken>();
}
