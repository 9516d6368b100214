import { get_encoding } from "tiktoken";

export const load = (vocab) => get_encoding(`${vocab.name}_base`);
export const whole = (tokenizer, text) => tokenizer.encode_ordinary(text);
export const documents = (tokenizer, rows) => rows.map((row) => tokenizer.encode_ordinary(row));
export const decode = (tokenizer, ids) => new TextDecoder().decode(tokenizer.decode(ids));
