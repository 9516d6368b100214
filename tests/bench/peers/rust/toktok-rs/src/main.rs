use harness::{Ids, Peer, Vocab};

struct Toktok(toktok::Tokenizer);

impl Peer for Toktok {
    fn load(vocab: &Vocab) -> Result<Self, String> {
        let name = match vocab.name.as_str() {
            "cl100k" => "cl100k_base",
            "o200k" => "o200k_base",
            "gptoss" => "o200k_harmony",
            other => return Err(format!("has no vocabulary '{other}'")),
        };
        toktok::Tokenizer::builtin(name).map(Toktok).map_err(|e| format!("{e:?}"))
    }
    fn whole(&mut self, text: &str, _threads: usize) -> Result<Ids, String> {
        Ok(Ids::Flat(self.0.encode(text.as_bytes())))
    }
    fn documents(&mut self, documents: &[&str], threads: usize) -> Result<Ids, String> {
        let rows: Vec<&[u8]> = documents.iter().map(|d| d.as_bytes()).collect();
        Ok(Ids::Rows(self.0.encode_batch(&rows, threads, false)))
    }
    fn decode(&mut self, ids: &[u32]) -> Result<Vec<u8>, String> {
        Ok(self.0.decode(ids))
    }
}

fn main() {
    harness::main::<Toktok>();
}
