import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

export function load(vocab) {
  const { Tokenizer } = require("ai-tokenizer");
  return new Tokenizer(require(`ai-tokenizer/encoding/${vocab.name}_base`));
}
export const whole = (tokenizer, text) => tokenizer.encode(text);
export const documents = (tokenizer, rows) => rows.map((row) => tokenizer.encode(row));
export const decode = (tokenizer, ids) => tokenizer.decode(ids);
