use fastokens::{AddedTokenPolicy, TiktokenConfig, Tokenizer};
use harness::{Ids, Peer, Vocab};
use std::path::Path;

struct Fastokens(Tokenizer);

const POLICY: AddedTokenPolicy = AddedTokenPolicy::SkipSpecial;

impl Peer for Fastokens {
    fn load(vocab: &Vocab) -> Result<Self, String> {
        let path = Path::new(&vocab.path);
        let loaded = match (vocab.kind.as_str(), vocab.name.as_str()) {
            ("json", _) => Tokenizer::from_file(path),
            (_, "cl100k") => Tokenizer::from_tiktoken_file(path, TiktokenConfig::cl100k_base()),
            (_, "o200k") => Tokenizer::from_tiktoken_file(path, TiktokenConfig::o200k_base()),
            (kind, _) => return Err(format!("reads no vocabulary of kind '{kind}'")),
        };
        loaded.map(Fastokens).map_err(|e| e.to_string())
    }
    fn whole(&mut self, text: &str, _threads: usize) -> Result<Ids, String> {
        self.0.encode_with_policy(text, false, POLICY).map(Ids::Flat).map_err(|e| e.to_string())
    }
    fn documents(&mut self, documents: &[&str], _threads: usize) -> Result<Ids, String> {
        self.0.encode_batch_with_policy(documents, false, POLICY).map(Ids::Rows).map_err(|e| e.to_string())
    }
    fn decode(&mut self, ids: &[u32]) -> Result<Vec<u8>, String> {
        self.0.decode(ids, false).map(String::into_bytes).map_err(|e| e.to_string())
    }
}

fn main() {
    harness::main::<Fastokens>();
}
