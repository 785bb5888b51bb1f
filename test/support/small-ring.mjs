// Loaded before everything else in every thread (`node --import`): few frames stay in memory, as
// with a journal that is much larger than what is kept of it.
import { limits } from '../../dist/limits.js';

limits.recent_frames_bytes = 64 * 1024;
