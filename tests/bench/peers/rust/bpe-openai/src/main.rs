use harness::{Ids, Peer, Vocab};

struct Openai(&'static bpe_openai::Tokenizer);

impl Peer for Openai {
    fn load(vocab: &Vocab) -> Result<Self, String> {
        match vocab.name.as_str() {
            "cl100k" => Ok(Openai(bpe_openai::cl100k_base())),
            "o200k" => Ok(Openai(bpe_openai::o200k_base())),
            other => Err(format!("has no vocabulary '{other}'")),
        }
    }
    fn whole(&mut self, text: &str, _threads: usize) -> Result<Ids, String> {
        Ok(Ids::Flat(self.0.encode(text)))
    }
    fn documents(&mut self, documents: &[&str], _threads: usize) -> Result<Ids, String> {
        Ok(Ids::Rows(documents.iter().map(|d| self.0.encode(*d)).collect()))
    }
    fn decode(&mut self, ids: &[u32]) -> Result<Vec<u8>, String> {
        Ok(self.0.bpe.decode_tokens(ids))
    }
}

fn main() {
    harness::main::<Openai>();
}
