use base64::Engine as _;
use harness::{Ids, Peer, Vocab};

struct Riptoken(riptoken::CoreBPE);

impl Peer for Riptoken {
    fn load(vocab: &Vocab) -> Result<Self, String> {
        if vocab.kind != "tiktoken" {
            return Err("reads .tiktoken ranks only".into());
        }
        let file = std::fs::read_to_string(&vocab.path).map_err(|e| e.to_string())?;
        let ranks = file.lines().map(|line| {
            let (word, rank) = line.split_once(' ').unwrap();
            (base64::engine::general_purpose::STANDARD.decode(word).unwrap(), rank.parse().unwrap())
        });
        riptoken::CoreBPE::new(ranks.collect(), Default::default(), &vocab.pattern)
            .map(Riptoken)
            .map_err(|e| e.to_string())
    }
    fn whole(&mut self, text: &str, _threads: usize) -> Result<Ids, String> {
        Ok(Ids::Flat(self.0.encode_ordinary(text)))
    }
    fn documents(&mut self, documents: &[&str], _threads: usize) -> Result<Ids, String> {
        Ok(Ids::Rows(self.0.encode_ordinary_batch(documents)))
    }
    fn decode(&mut self, ids: &[u32]) -> Result<Vec<u8>, String> {
        Ok(self.0.decode_bytes(ids))
    }
}

fn main() {
    harness::main::<Riptoken>();
}
