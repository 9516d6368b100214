use harness::{Ids, Peer, Vocab};
use kitoken::Kitoken;

struct Peerless(Kitoken);

impl Peer for Peerless {
    fn load(vocab: &Vocab) -> Result<Self, String> {
        let loaded = match vocab.kind.as_str() {
            "tiktoken" => Kitoken::from_tiktoken_file(&vocab.path),
            "spm" => Kitoken::from_sentencepiece_file(&vocab.path),
            "json" => Kitoken::from_tokenizers_file(&vocab.path),
            kind => return Err(format!("reads no vocabulary of kind '{kind}'")),
        };
        loaded.map(Peerless).map_err(|e| e.to_string())
    }
    fn whole(&mut self, text: &str, _threads: usize) -> Result<Ids, String> {
        self.0.encode(text, false).map(Ids::Flat).map_err(|e| e.to_string())
    }
    fn documents(&mut self, documents: &[&str], _threads: usize) -> Result<Ids, String> {
        let rows: Result<Vec<_>, _> = documents.iter().map(|d| self.0.encode(d, false)).collect();
        rows.map(Ids::Rows).map_err(|e| e.to_string())
    }
    fn decode(&mut self, ids: &[u32]) -> Result<Vec<u8>, String> {
        self.0.decode(ids, true).map_err(|e| e.to_string())
    }
}

fn main() {
    harness::main::<Peerless>();
}
