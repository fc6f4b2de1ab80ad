// SPDX-License-Identifier: GPL-2.0-or-later
// s3rver.js DIRECTORY: an S3 server with the bucket "bucket", for the keys S3RVER and S3RVER. It checks
// signatures. Its port is in the file `port`.
'use strict';
const fs = require('fs');
const S3rver = require('@20minutes/s3rver');

const server = new S3rver({
	address: '127.0.0.1', port: Number(process.env.PORT || 0), directory: process.argv[2], silent: true,
	configureBuckets: [{ name: 'bucket' }],
});
server.run((error, address) => {
	if (error)
		throw error;
	fs.writeFileSync('port.new', String(address.port));
	fs.renameSync('port.new', 'port');
});
