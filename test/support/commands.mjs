// Runs command lines one after the other in one process: `node commands.mjs '[{"args": [], "env": {}}]'`
// prints what each of them ended with and wrote to stderr.
import { run } from '../../dist/cli/run.js';

const ended = [];
let err = '';
process.stderr.write = (text) => {
  err += text;
  return true;
};
for (const { args, env } of JSON.parse(process.argv[2])) {
  err = '';
  Object.assign(process.env, env);
  ended.push({ code: await run(args), err });
  for (const name of Object.keys(env)) delete process.env[name];
}
console.log(JSON.stringify(ended));
