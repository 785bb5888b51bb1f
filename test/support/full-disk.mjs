// Loaded before everything else in every thread (`node --import`). While the folder
// PURSER_TEST_HOOKS has a file `full-disk`, file systems say that nothing is free.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';

const file = join(process.env.PURSER_TEST_HOOKS ?? '.', 'full-disk');
const { statfsSync } = fs;
const { statfs } = fs.promises;
const tell = (told) => (fs.existsSync(file) ? Object.assign(told, { bfree: 0, bavail: 0 }) : told);

fs.statfsSync = (...args) => tell(statfsSync(...args));
fs.promises.statfs = async (...args) => tell(await statfs(...args));
syncBuiltinESMExports();
