// Matches of fancy-regex, the engine of tiktoken.  Reads lines ["pattern", "text"],
// writes [[begin, end], ...] in bytes, or null where the pattern is refused or gives up.
use std::io::BufRead;

fn main() {
    for line in std::io::stdin().lock().lines() {
        let (pattern, text): (String, String) = serde_json::from_str(&line.unwrap()).unwrap();
        let found: Option<Vec<(usize, usize)>> = fancy_regex::Regex::new(&pattern).ok().and_then(|regex| {
            regex
                .find_iter(&text)
                .map(|found| found.ok().map(|found| (found.start(), found.end())))
                .collect()
        });
        println!("{}", serde_json::to_string(&found).unwrap());
    }
}
