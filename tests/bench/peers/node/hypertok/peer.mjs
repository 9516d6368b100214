import fs from "node:fs";
import { fromBytes } from "hypertok";

export async function load(vocab) {
  const { vocabulary } = await import(`@hypertok/vocab-${vocab.name}`);
  return fromBytes(fs.readFileSync(vocabulary), { tier: "single" });
}
export const whole = (tokenizer, text) => tokenizer.encodeSync(text);
export const documents = (tokenizer, rows) => rows.map((row) => tokenizer.encodeSync(row));
export const decode = (tokenizer, ids) => tokenizer.decode(ids);
