use harness::{Ids, Peer, Vocab};

struct Tokie(tokie::Tokenizer);

impl Peer for Tokie {
    fn load(vocab: &Vocab) -> Result<Self, String> {
        if vocab.kind != "json" {
            return Err("reads tokenizer.json only".into());
        }
        tokie::Tokenizer::from_json(&vocab.path).map(Tokie).map_err(|e| format!("{e:?}"))
    }
    fn whole(&mut self, text: &str, _threads: usize) -> Result<Ids, String> {
        Ok(Ids::Flat(self.0.encode_ids(text, false)))
    }
    fn documents(&mut self, documents: &[&str], _threads: usize) -> Result<Ids, String> {
        Ok(Ids::Flat(self.0.encode_batch_flat(documents, false).0))
    }
    fn decode(&mut self, ids: &[u32]) -> Result<Vec<u8>, String> {
        Ok(self.0.decode_bytes(ids))
    }
}

fn main() {
    harness::main::<Tokie>();
}
