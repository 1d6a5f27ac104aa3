<?php
// SPDX-License-Identifier: BSD-2-Clause
set_time_limit(0);
while (ob_get_level() > 0) {
    ob_end_flush();
}
header('Content-Type: text/event-stream');
header('Cache-Control: no-cache');
header('X-Accel-Buffering: no');

$redis = new Redis();
$redis->connect($_SERVER['REDIS_SOCKET']);
$redis->setOption(Redis::OPT_READ_TIMEOUT, -1);

echo ":\n\n";
flush();

$number = 0;
$redis->subscribe(['push:' . $_GET['channel']], function ($redis, $channel, $message) use (&$number) {
    $number++;
    echo "id: $number\ndata: ", str_replace("\n", "\ndata: ", $message), "\n\n";
    flush();
});
