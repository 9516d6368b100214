use harness::{Ids, Peer, Vocab};

struct Hermes(hermes_tokenizer::Tokenizer);

impl Peer for Hermes {
    fn load(vocab: &Vocab) -> Result<Self, String> {
        if vocab.kind != "json" {
            return Err("reads tokenizer.json only".into());
        }
        hermes_tokenizer::Tokenizer::from_file(&vocab.path).map(Hermes).map_err(|e| format!("{e:#}"))
    }
    fn whole(&mut self, text: &str, _threads: usize) -> Result<Ids, String> {
        self.0.encode(text, false).map(Ids::Flat).map_err(|e| e.to_string())
    }
    fn documents(&mut self, documents: &[&str], _threads: usize) -> Result<Ids, String> {
        let rows = documents.iter().map(|d| d.to_string()).collect();
        self.0.encode_batch(rows, false).map(Ids::Rows).map_err(|e| e.to_string())
    }
    fn decode(&mut self, ids: &[u32]) -> Result<Vec<u8>, String> {
        self.0.decode(ids, false).map(String::into_bytes).map_err(|e| e.to_string())
    }
}

fn main() {
    harness::main::<Hermes>();
}
