//! The calls of the crate's own benchmarks: `whole` is benches/encode_st.rs (one thread, one
//! buffer in huge pages), `documents` is benches/encode_doc.rs (its pool of workers).
use gigatoken_rs::load_tokenizer::hf::{load_hf_slice, HfTokenizer};
use gigatoken_rs::load_tokenizer::tiktoken::load_tiktoken;
use gigatoken_rs::pretokenize::PretokenizerType;
use gigatoken_rs::{encode_docs_ragged, sp_encode_docs_ragged, EncodeState, WorkerPool};
use harness::{Ids, Peer, Vocab};

struct Gigatoken {
    tokenizer: HfTokenizer,
    state: EncodeState,
    workers: WorkerPool,
}

/// As benches/common/mod.rs does: before the pages are first touched.
fn reserve_huge(bytes: usize) -> Vec<u32> {
    let mut out: Vec<u32> = Vec::with_capacity(bytes / 4 + 16);
    let start = (out.as_mut_ptr() as usize + 4095) & !4095;
    let end = out.as_ptr() as usize + out.capacity() * 4;
    if end > start {
        unsafe { libc::madvise(start as *mut _, end - start, libc::MADV_HUGEPAGE) };
    }
    out
}

impl Peer for Gigatoken {
    fn load(vocab: &Vocab) -> Result<Self, String> {
        let tokenizer = match (vocab.kind.as_str(), vocab.name.as_str()) {
            ("json", _) => load_hf_slice(&std::fs::read(&vocab.path).map_err(|e| e.to_string())?),
            (_, "cl100k") => load_tiktoken(&vocab.path, PretokenizerType::GPT4, vec![]).map(HfTokenizer::Bpe),
            (_, "o200k") => load_tiktoken(&vocab.path, PretokenizerType::O200k, vec![]).map(HfTokenizer::Bpe),
            (kind, _) => return Err(format!("reads no vocabulary of kind '{kind}'")),
        };
        let tokenizer = tokenizer.map_err(|e| e.to_string())?;
        Ok(Gigatoken { tokenizer, state: EncodeState::new(), workers: WorkerPool::new() })
    }
    fn whole(&mut self, text: &str, threads: usize) -> Result<Ids, String> {
        if threads > 1 {
            return self.documents(&[text], threads);
        }
        let mut out = reserve_huge(text.len());
        match &mut self.tokenizer {
            HfTokenizer::Bpe(t) => t.encode_with_added_tokens_flat(text.as_bytes(), &mut out),
            HfTokenizer::SentencePiece(t) => {
                t.encode_raw_cb(&mut self.state, text, &mut |ids| out.extend(ids.iter().map(|t| t.0)))
            }
        }
        Ok(Ids::Flat(out))
    }
    fn documents(&mut self, documents: &[&str], _threads: usize) -> Result<Ids, String> {
        let rows: Vec<&[u8]> = documents.iter().map(|d| d.as_bytes()).collect();
        Ok(Ids::Flat(match &self.tokenizer {
            HfTokenizer::Bpe(t) => encode_docs_ragged(&self.workers, t, &rows).0,
            HfTokenizer::SentencePiece(t) => sp_encode_docs_ragged(t, documents).0,
        }))
    }
}

fn main() {
    harness::main::<Gigatoken>();
}
