//! What every Rust peer shares: options, clocks, passes, the answer in JSON.
//! See ../../README.md for the options and the answer.

use std::collections::HashMap;
use std::fmt::Write as _;

/// The vocabulary that the peer shall load.
pub struct Vocab {
    pub name: String,
    /// "tiktoken", "json" (tokenizer.json), "spm" or "bert"
    pub kind: String,
    pub path: String,
    /// the split pattern, for kinds that do not hold one
    pub pattern: String,
}

/// Ids as the peer gives them; they are laid end to end after the clock has stopped.
pub enum Ids {
    Flat(Vec<u32>),
    Rows(Vec<Vec<u32>>),
}

pub trait Peer: Sized {
    fn load(vocab: &Vocab) -> Result<Self, String>;
    fn whole(&mut self, text: &str, threads: usize) -> Result<Ids, String>;
    fn documents(&mut self, documents: &[&str], threads: usize) -> Result<Ids, String>;
    fn decode(&mut self, _ids: &[u32]) -> Result<Vec<u8>, String> {
        Err("has no decoder".into())
    }
}

fn clock(which: libc::clockid_t) -> f64 {
    let mut t = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    unsafe { libc::clock_gettime(which, &mut t) };
    t.tv_sec as f64 + t.tv_nsec as f64 * 1e-9
}

fn cpu() -> f64 {
    clock(libc::CLOCK_PROCESS_CPUTIME_ID)
}

fn wall() -> f64 {
    clock(libc::CLOCK_MONOTONIC)
}

fn options() -> HashMap<String, String> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    words.chunks(2).map(|p| (p[0].trim_start_matches('-').to_string(), p[1].clone())).collect()
}

fn fail(what: &str) -> ! {
    eprintln!("{what}");
    std::process::exit(2)
}

fn documents<'a>(text: &'a str, cuts: &str) -> Vec<&'a str> {
    let raw = std::fs::read(cuts).unwrap_or_else(|e| fail(&format!("{cuts}: {e}")));
    let mut at = 0;
    raw.chunks_exact(8)
        .map(|c| {
            let end = u64::from_le_bytes(c.try_into().unwrap()) as usize;
            let row = &text[at..end];
            at = end;
            row
        })
        .collect()
}

fn flat(ids: Ids) -> Vec<u32> {
    match ids {
        Ids::Flat(v) => v,
        Ids::Rows(rows) => rows.concat(),
    }
}

pub fn main<P: Peer>() {
    let o = options();
    let get = |k: &str| o.get(k).cloned().unwrap_or_default();
    let number = |k: &str, otherwise: usize| o.get(k).map_or(otherwise, |v| v.parse().unwrap());
    let start: f64 = get("start").parse().unwrap_or_else(|_| wall());
    let vocab = Vocab { name: get("name"), kind: get("kind"), path: get("path"), pattern: get("pattern") };
    let mut peer = P::load(&vocab).unwrap_or_else(|e| fail(&e));
    let (load_cpu, load_wall) = (cpu(), wall() - start);

    let text = std::fs::read_to_string(get("text")).unwrap_or_else(|e| fail(&e.to_string()));
    let rows = if get("call") == "documents" { documents(&text, &get("cuts")) } else { vec![] };
    let threads = number("threads", 1);
    let mut answer = format!("{{\"load\":[{load_cpu},{load_wall}],\"passes\":[");
    let mut ids = vec![];
    for pass in 0..number("passes", 1) {
        let (c, w) = (cpu(), wall());
        let got = if get("call") == "documents" { peer.documents(&rows, threads) } else { peer.whole(&text, threads) };
        let (c, w) = (cpu() - c, wall() - w);
        ids = flat(got.unwrap_or_else(|e| fail(&e)));
        if pass == 0 {
            let (all_cpu, all_wall) = (cpu(), wall() - start);
            write!(answer, "[{c},{w}]").unwrap();
            answer = answer.replacen("{\"load\"", &format!("{{\"first\":[{all_cpu},{all_wall}],\"load\""), 1);
        } else {
            write!(answer, ",[{c},{w}]").unwrap();
        }
    }
    write!(answer, "],\"decode\":[").unwrap();
    let mut same = true;
    for pass in 0..number("decode", 0) {
        let (c, w) = (cpu(), wall());
        let bytes = peer.decode(&ids).unwrap_or_else(|e| fail(&e));
        let (c, w) = (cpu() - c, wall() - w);
        same = same && bytes == text.as_bytes();
        write!(answer, "{}[{c},{w}]", if pass > 0 { "," } else { "" }).unwrap();
    }
    println!("{answer}],\"same\":{same},\"count\":{}}}", ids.len());
    if o.contains_key("ids") {
        let bytes: Vec<u8> = ids.iter().flat_map(|i| i.to_le_bytes()).collect();
        std::fs::write(get("ids"), bytes).unwrap_or_else(|e| fail(&e.to_string()));
    }
}
