// Loaded before everything else in every thread (`node --import`): a commit is given up after a
// second, not after five.
import { limits } from '../../dist/limits.js';

limits.commit_timeout_ms = 1_000;
