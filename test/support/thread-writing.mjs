// Closes a wallet whose thread ends in the middle of writing its checkpoint, long enough a list of
// writes that LMDB may have begun with it. Usage: node thread-writing.mjs DIST DIRECTORY
const [dist, directory] = process.argv.slice(2);
const { openWallet } = await import(`${dist}/index.js`);

const wallet = await openWallet({ dataDir: directory, partitions: 1 });
const users = Array.from({ length: 2_000 }, (_, i) => `user${i}`);
await wallet.createUsers(users);
await Promise.all(users.map((user) => wallet.players.setLimits(user, { max_bet: 5 })));
await wallet.close().catch((error) => console.log(error.code));
process.exit(0);
