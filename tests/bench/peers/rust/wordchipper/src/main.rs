use harness::{Ids, Peer, Vocab};
use std::sync::Arc;
use wordchipper::pretrained::openai::OATokenizer;
use wordchipper::vocab::SpecialFilter;
use wordchipper::{TokenDecoder, TokenEncoder, Tokenizer, TokenizerOptions};

struct Chipper(Arc<Tokenizer<u32>>);

impl Peer for Chipper {
    fn load(vocab: &Vocab) -> Result<Self, String> {
        let which = match vocab.name.as_str() {
            "cl100k" => OATokenizer::Cl100kBase,
            "o200k" => OATokenizer::O200kBase,
            other => return Err(format!("has no vocabulary '{other}'")),
        };
        let vocab = which.load_path::<u32>(&vocab.path).map_err(|e| e.to_string())?;
        Ok(Chipper(TokenizerOptions::default().with_accelerated_lexers(true).build(Arc::new(vocab))))
    }
    fn whole(&mut self, text: &str, _threads: usize) -> Result<Ids, String> {
        self.0.try_encode(text, Some(&SpecialFilter::IncludeNone)).map(Ids::Flat).map_err(|e| e.to_string())
    }
    fn documents(&mut self, documents: &[&str], _threads: usize) -> Result<Ids, String> {
        self.0.try_encode_batch(documents, Some(&SpecialFilter::IncludeNone)).map(Ids::Rows).map_err(|e| e.to_string())
    }
    fn decode(&mut self, ids: &[u32]) -> Result<Vec<u8>, String> {
        self.0.try_decode_to_bytes(ids).map(|d| d.value).map_err(|e| e.to_string())
    }
}

fn main() {
    harness::main::<Chipper>();
}
