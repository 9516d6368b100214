use harness::{Ids, Peer, Vocab};
use splintr::{AnyTokenizer, SpecialMode};

struct Splintr(AnyTokenizer);

impl Peer for Splintr {
    fn load(vocab: &Vocab) -> Result<Self, String> {
        let loaded = match (vocab.kind.as_str(), vocab.name.as_str()) {
            ("json", _) => return splintr::from_json_path(&vocab.path).map(Splintr).map_err(|e| e.to_string()),
            (_, "cl100k") => splintr::from_pretrained("cl100k_base"),
            (_, "o200k") => splintr::from_pretrained("o200k_base"),
            (kind, _) => return Err(format!("reads no vocabulary of kind '{kind}'")),
        };
        loaded.map(Splintr).map_err(|e| e.to_string())
    }
    fn whole(&mut self, text: &str, _threads: usize) -> Result<Ids, String> {
        self.0.encode_with(text, &SpecialMode::Ordinary).map(Ids::Flat).map_err(|e| e.to_string())
    }
    fn documents(&mut self, documents: &[&str], threads: usize) -> Result<Ids, String> {
        if threads > 1 {
            return Ok(Ids::Rows(self.0.encode_batch(documents)));
        }
        let rows: Result<Vec<_>, _> = documents.iter().map(|d| self.0.encode_with(d, &SpecialMode::Ordinary)).collect();
        rows.map(Ids::Rows).map_err(|e| e.to_string())
    }
    fn decode(&mut self, ids: &[u32]) -> Result<Vec<u8>, String> {
        self.0.decode(ids).map(String::into_bytes).map_err(|e| e.to_string())
    }
}

fn main() {
    harness::main::<Splintr>();
}
