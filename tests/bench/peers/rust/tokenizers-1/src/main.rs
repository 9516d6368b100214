use harness::{Ids, Peer, Vocab};
use tokenizers::pipeline::{EncodeOptions, PipelineTokenizer};

struct HuggingFace(PipelineTokenizer, EncodeOptions);

impl Peer for HuggingFace {
    fn load(vocab: &Vocab) -> Result<Self, String> {
        if vocab.kind != "json" {
            return Err("reads tokenizer.json only".into());
        }
        // Files written by releases before 1 have to be brought up to date first.
        let json = tokenizers::canonicalize_file(&vocab.path).map_err(|e| format!("{e:?}"))?;
        let tokenizer = tokenizers::from_json(&json).map_err(|e| e.to_string())?;
        let options = EncodeOptions { add_special_tokens: false, encode_special_tokens: true, ..Default::default() };
        Ok(HuggingFace(tokenizer, options))
    }
    fn whole(&mut self, text: &str, _threads: usize) -> Result<Ids, String> {
        let mut out = Vec::with_capacity(text.len() / 3);
        self.0.encode_into(text, &self.1, &mut out).map_err(|e| e.to_string())?;
        Ok(Ids::Flat(tokenizers::pipeline::PipelineToken::cast_slice(&out).to_vec()))
    }
    fn documents(&mut self, documents: &[&str], threads: usize) -> Result<Ids, String> {
        if threads > 1 {
            let rows = self.0.encode(documents, &self.1).wait().map_err(|e| e.to_string())?;
            let cast = tokenizers::pipeline::PipelineToken::cast_slice;
            return Ok(Ids::Rows(rows.iter().map(|e| cast(e.ids()).to_vec()).collect()));
        }
        let mut out = Vec::new();
        for document in documents {
            self.0.encode_into(document, &self.1, &mut out).map_err(|e| e.to_string())?;
        }
        Ok(Ids::Flat(tokenizers::pipeline::PipelineToken::cast_slice(&out).to_vec()))
    }
    fn decode(&mut self, ids: &[u32]) -> Result<Vec<u8>, String> {
        self.0.decode(ids, false).map(String::into_bytes).map_err(|e| e.to_string())
    }
}

fn main() {
    harness::main::<HuggingFace>();
}
