// SPDX-License-Identifier: GPL-2.0-or-later
// A backend of the original statsd: once the daemon gets a metric called "end", it ends, and what it
// has counted until then is in the file that its configuration names `result`.
'use strict';
const fs = require('fs');

exports.init = function (startup, config, events) {
	events.on('packet', function (datagram) {
		if (/^end:/m.test(datagram))
			setImmediate(process.exit, 0);
	});
	events.on('flush', function (time, metrics) {
		const sets = {};

		for (const name in metrics.sets)
			sets[name] = metrics.sets[name].values().length;
		fs.writeFileSync(config.result, JSON.stringify({
			counters: metrics.counters,
			gauges: metrics.gauges,
			timers: metrics.timers,
			sets,
		}));
	});
	return true;
};
