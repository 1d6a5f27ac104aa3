// SPDX-License-Identifier: BSD-2-Clause
//
// All that the page says, in English and Chinese. An entry is a text, or a function that makes one of its arguments.

const events = (count) => (count === 1 ? '1 event' : `${count} events`);

export const tables = {
  en: {
    skip: 'Skip to the stream',
    tagline: 'Server push for the web server you already run. What is published in Redis appears here as it comes.',
    otherLanguage: '中文',

    connection: 'Connection',
    connecting: 'Connecting…',
    connected: 'Connected',
    lost: 'Connection lost, reconnecting…',
    refused: 'Refused, will try again',
    silent: 'The stream fell silent, reconnecting…',
    held: 'The stream is held back on the way',
    failed: 'No answer, will try again',
    countdown: (seconds) => `in ${seconds} s`,
    transport: 'Transport',
    stream: 'Stream',
    poll: 'Long poll',
    whyHeld: 'Something on the way holds streams back, so events come by long poll. A stream is tried again later.',
    whyPoll: 'Streams do not get through, so events come by long poll. A stream is tried again later.',
    serverSays: (reason) => `The server says: ${reason}`,
    eventCount: 'Events',
    reconnects: 'Reconnects',
    gaps: 'Gaps',
    lastId: 'Last id',
    share: 'Share across tabs',
    alone: 'Alone: this tab has a connection of its own.',
    leader: 'Leader: this tab holds the connection for all tabs.',
    follower: 'Follower: another tab holds the connection.',
    shareNeeds: 'Alone: browsers share only over HTTPS or on localhost.',

    listenTo: 'Listen to',
    channels: 'Channels',
    types: 'Event types',
    typesHint: 'message and gap are always heard.',
    add: 'Add',
    addChannel: 'Add a channel',
    addType: 'Add an event type',
    channelRule: 'Letters, digits and . _ : - only, at most 128; several names with commas between them',
    oneAtLeast: 'One channel at least: choose another one first.',

    publish: 'Publish something',
    languages: 'Language of the lines',
    plainText: 'Any text',
    withTime: 'With the time, to see the latency',
    withType: 'With a type and an id of yours',
    fromPhp: 'From PHP, with the extension redis',
    fromPython: 'From Python, with the package redis',
    fromNode: 'From Node, with the package redis',
    readStream: 'Read the stream',
    readPoll: 'Wait for the next event',
    readList: 'List what is kept',
    copy: 'Copy',
    copyOf: (what) => `Copy: ${what}`,
    copied: 'Copied.',
    selected: 'Selected; copy it with Ctrl+C.',

    liveStream: 'Live stream',
    pause: 'Pause',
    resume: 'Resume',
    heldRows: (count) => `Paused; ${events(count)} held back.`,
    noEvents: 'Nothing yet. Run one of the lines above, and its message appears here.',

    latency: 'Latency',
    latencyHint: 'From the time in a payload (time or timestamp) to its arrival here.',
    noLatency: 'No payload with a time yet.',
    clocksDiffer: 'Below zero: the clocks of publisher and browser differ.',
    last: 'Last',
    median: 'Median',
    max: 'Max',
    chart: (count, last, median, max) => `Latency of the last ${events(count)}: last ${last}, median ${median}, at most ${max}`,

    clock: 'Clock',
    noTime: 'No message on the channel clock yet.',
    notHeard: 'The channel clock is not listened to.',
    staleTime: 'The clock has not been heard for a while.',

    longPoll: 'Long poll',
    startPolling: 'Start polling',
    stopPolling: 'Stop polling',
    stopped: 'Stopped',
    waiting: 'Waiting for the next event',
    noAnswer: 'No answer. Trying again…',
    answers: 'Answers',
    position: 'Position',
    noPolled: 'Each request waits until something is published; its answer appears here.',

    keptEvents: 'Kept events',
    fetchList: 'Fetch /list',
    notFetched: 'Not fetched yet.',
    listed: (time, count) => `200 at ${time}: ${events(count)}.`,
    listedNewest: (time, count) => `200 at ${time}: the newest ${events(count)}.`,
    unchanged: (time) => `304 at ${time}: nothing has changed.`,
    listFailed: (reason) => `No answer: ${reason}.`,
    answered: (status) => `the server answered ${status}`,
    unreachable: 'the server cannot be reached',
    newestId: 'Newest id',
    noListed: 'What is kept for clients that come back appears here.',

    mayHaveMissed: 'May have missed messages',
    mayHaveMissedOn: (channel) => `May have missed messages on ${channel}`,
    keptFrom: (after, oldest) => `after ${after}; kept from ${oldest} on`,
    noneKept: (after) => `after ${after}; none are kept`,
    retry: (ms) => `retry: ${ms} ms`,
    showAll: (count) => `Show all ${count} characters`,
    showLess: 'Show less',
    alsoIn: (places) => `also in ${places.join(', ')}`,
    placeStream: 'stream',
    placePoll: 'long poll',
    placeList: 'list',

    footer: 'The smallest page to begin with:',
  },

  zh: {
    skip: '跳到实时流',
    tagline: '让现有的 Web 服务器具备推送能力。Redis 中一发布消息，这里立刻显示。',
    otherLanguage: 'English',

    connection: '连接',
    connecting: '正在连接…',
    connected: '已连接',
    lost: '连接中断，正在重连…',
    refused: '连接被拒绝，稍后重试',
    silent: '长时间没有收到数据，正在重连…',
    held: '事件流在途中被缓冲',
    failed: '没有收到应答，稍后重试',
    countdown: (seconds) => `（${seconds} 秒后）`,
    transport: '传输方式',
    stream: '事件流',
    poll: '长轮询',
    whyHeld: '传输途中的某个环节缓冲了事件流，因此改用长轮询接收，稍后会再次尝试事件流。',
    whyPoll: '事件流无法通过，因此改用长轮询接收，稍后会再次尝试事件流。',
    serverSays: (reason) => `服务器的说明：${reason}`,
    eventCount: '事件',
    reconnects: '重连',
    gaps: '缺口',
    lastId: '最新 ID',
    share: '多个标签页共用连接',
    alone: '独立：本标签页使用自己的连接。',
    leader: '主标签页：由它为所有标签页保持连接。',
    follower: '从标签页：连接由另一个标签页保持。',
    shareNeeds: '独立：浏览器只在 HTTPS 或本机地址下允许共用连接。',

    listenTo: '订阅',
    channels: '频道',
    types: '事件类型',
    typesHint: 'message 和 gap 始终接收。',
    add: '添加',
    addChannel: '添加频道',
    addType: '添加事件类型',
    channelRule: '只能使用字母、数字和 . _ : -，最长 128 个字符；多个名称用逗号分隔',
    oneAtLeast: '至少保留一个频道，请先选择另一个。',

    publish: '发布一条消息',
    languages: '示例所用的语言',
    plainText: '任意文本',
    withTime: '带上时间，用来显示延迟',
    withType: '带上自定义的类型和 ID',
    fromPhp: '在 PHP 中（需要 redis 扩展）',
    fromPython: '在 Python 中（需要 redis 包）',
    fromNode: '在 Node 中（需要 redis 包）',
    readStream: '读取事件流',
    readPoll: '等待下一个事件',
    readList: '列出保留的事件',
    copy: '复制',
    copyOf: (what) => `复制：${what}`,
    copied: '已复制。',
    selected: '已选中，请按 Ctrl+C 复制。',

    liveStream: '实时流',
    pause: '暂停',
    resume: '继续',
    heldRows: (count) => `已暂停，有 ${count} 个事件等待显示。`,
    noEvents: '还没有事件。运行上面任意一条命令，消息就会出现在这里。',

    latency: '延迟',
    latencyHint: '从消息内容中的时间（time 或 timestamp）到抵达此处。',
    noLatency: '还没有收到带时间的消息。',
    clocksDiffer: '出现负值：发布端与浏览器的时钟不一致。',
    last: '最近',
    median: '中位数',
    max: '最大',
    chart: (count, last, median, max) => `最近 ${count} 个事件的延迟：最近 ${last}，中位数 ${median}，最大 ${max}`,

    clock: '时钟',
    noTime: 'clock 频道还没有消息。',
    notHeard: '没有订阅 clock 频道。',
    staleTime: '时钟已有一段时间没有消息。',

    longPoll: '长轮询',
    startPolling: '开始轮询',
    stopPolling: '停止轮询',
    stopped: '已停止',
    waiting: '正在等待下一个事件',
    noAnswer: '没有应答，正在重试…',
    answers: '应答',
    position: '位置',
    noPolled: '每个请求都会等到有消息发布为止，应答显示在这里。',

    keptEvents: '保留的事件',
    fetchList: '获取 /list',
    notFetched: '尚未获取。',
    listed: (time, count) => `${time} 应答 200：${count} 个事件。`,
    listedNewest: (time, count) => `${time} 应答 200：最新的 ${count} 个事件。`,
    unchanged: (time) => `${time} 应答 304：没有变化。`,
    listFailed: (reason) => `没有应答：${reason}。`,
    answered: (status) => `服务器返回了 ${status}`,
    unreachable: '无法连接服务器',
    newestId: '最新 ID',
    noListed: '为重新连接的客户端保留的事件显示在这里。',

    mayHaveMissed: '可能漏掉了消息',
    mayHaveMissedOn: (channel) => `频道 ${channel} 可能漏掉了消息`,
    keptFrom: (after, oldest) => `在 ${after} 之后；保留的消息从 ${oldest} 开始`,
    noneKept: (after) => `在 ${after} 之后；没有保留的消息`,
    retry: (ms) => `重连间隔：${ms} 毫秒`,
    showAll: (count) => `显示全部 ${count} 个字符`,
    showLess: '收起',
    alsoIn: (places) => `也在${places.join('和')}中`,
    placeStream: '实时流',
    placePoll: '长轮询',
    placeList: '列表',

    footer: '最小的入门页面：',
  },
};

/** The page's language: ?lang=zh, or English. */
export const language = /^zh\b/i.test(new URLSearchParams(location.search).get('lang') ?? '') ? 'zh' : 'en';

/** What stands under the key in the page's language. */
export function text(key, ...details) {
  const entry = tables[language][key];
  return typeof entry === 'function' ? entry(...details) : entry;
}

// The attributes whose texts stand under the keys in others: <input data-label="addChannel">.
const ATTRIBUTES = { label: 'aria-label', hint: 'title', prompt: 'placeholder' };

/** Fills in the document's words; data-text is an element's own. */
export function translatePage() {
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
  for (const element of document.querySelectorAll('[data-text]')) element.textContent = text(element.dataset.text);
  for (const [name, attribute] of Object.entries(ATTRIBUTES)) {
    for (const element of document.querySelectorAll(`[data-${name}]`)) {
      element.setAttribute(attribute, text(element.dataset[name]));
    }
  }
}

// Numbers and times as the language writes them.

export const formatCount = (count) => count.toLocaleString(language);

/** The time of day, and the day unless it is today. */
export function formatTime(time) {
  const isToday = time.toDateString() === new Date().toDateString();
  return isToday ? time.toLocaleTimeString(language) : time.toLocaleString(language);
}

export function formatDelay(ms) {
  const unit = Math.abs(ms) < 10000 ? 'millisecond' : 'second';
  const amount = unit === 'second' ? ms / 1000 : ms;
  const maximumFractionDigits = unit === 'second' || Math.abs(ms) < 10 ? 1 : 0;
  return new Intl.NumberFormat(language, { style: 'unit', unit, maximumFractionDigits }).format(amount);
}
