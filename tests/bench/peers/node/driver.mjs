// Runs one npm peer once: load, passes over one text, ids; prints one line of JSON.
//
//     node driver.mjs FOLDER --name cl100k --text FILE --call whole
//
// FOLDER/peer.mjs exports load(vocab), whole(tokenizer, text), documents(tokenizer, rows) and,
// if it can, decode(tokenizer, ids).  Options and answer: see README.md one folder up.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const wall = () => Number(process.hrtime.bigint()) / 1e9;
const cpu = () => { const u = process.cpuUsage(); return (u.user + u.system) / 1e6; };

const [folder, ...words] = process.argv.slice(2);
const o = { passes: "1", decode: "0", start: String(wall()) };
for (let i = 0; i < words.length; i += 2) o[words[i].slice(2)] = words[i + 1];
const start = Number(o.start);

let peer, tokenizer;
try {
  peer = await import(pathToFileURL(path.join(folder, "peer.mjs")));
  tokenizer = await peer.load(o);
} catch (error) {
  console.error(`${error.name}: ${error.message}`);
  process.exit(2);
}
const answer = { load: [cpu(), wall() - start], passes: [], decode: [], same: true };

const data = fs.readFileSync(o.text);
let given;
if (o.call === "documents") {
  const raw = fs.readFileSync(o.cuts);
  let at = 0;
  given = [];
  for (let i = 0; i < raw.length; i += 8) {
    const end = Number(raw.readBigUInt64LE(i));
    given.push(data.toString("utf8", at, end));
    at = end;
  }
} else {
  given = data.toString("utf8");
}

async function timed(call, list) {
  const c = cpu(), w = wall();
  const result = await call();
  list.push([cpu() - c, wall() - w]);
  return result;
}

let result;
for (let i = 0; i < Number(o.passes); i++) {
  result = undefined;
  result = await timed(() => (o.call === "documents" ? peer.documents : peer.whole)(tokenizer, given), answer.passes);
  if (i === 0) answer.first = [cpu(), wall() - start];
}
for (let i = 0; i < Number(o.decode); i++) {
  const text = await timed(() => peer.decode(tokenizer, result), answer.decode);
  answer.same = answer.same && text === given;
}
const rows = o.call === "documents" ? result : [result];
answer.count = rows.reduce((n, row) => n + row.length, 0);
if (o.ids) {
  const ids = new Uint32Array(answer.count);
  let at = 0;
  for (const row of rows) { ids.set(row, at); at += row.length; }
  fs.writeFileSync(o.ids, Buffer.from(ids.buffer));
}
process.stdout.write(JSON.stringify(answer) + "\n", () => process.exit(0));
