/** For those who describe the answers to others. */
export * from '../ledger/choices.js';
export { rejections } from '../ledger/vocabulary.js';
