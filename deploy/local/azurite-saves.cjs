// Loaded before Azurite (node --require), which writes all of its tables down every five seconds, however large they are: with 100,000 mailboxes 200 MB. It does so every SAVE_EVERY seconds instead,
// and at SIGTERM as ever.
const { dirname } = require('node:path');
const loki = require(require.resolve('lokijs', { paths: [dirname(process.argv[1])] }));
const enable = loki.prototype.autosaveEnable;
loki.prototype.autosaveEnable = function (...arguments_) {
  this.autosaveInterval = 1000 * Number(process.env.SAVE_EVERY);
  return enable.apply(this, arguments_);
};
