export const load = (vocab) => import(`gpt-tokenizer/encoding/${vocab.name}_base`);
export const whole = (tokenizer, text) => tokenizer.encode(text);
export const documents = (tokenizer, rows) => rows.map((row) => tokenizer.encode(row));
export const decode = (tokenizer, ids) => tokenizer.decode(ids);
