// SPDX-License-Identifier: BSD-2-Clause
//
// The link to this page in its other language.

import { byId } from './dom.js';
import { language } from './texts.js';

/** Lets the link lead to the address as it is now, but for the language. */
export function showLanguageLink() {
  const query = new URLSearchParams(location.search);
  if (language === 'en') query.set('lang', 'zh');
  else query.delete('lang');
  const link = byId('language');
  link.href = `?${String(query).replaceAll('%2C', ',').replaceAll('%3A', ':')}`;
  link.lang = link.hreflang = language === 'en' ? 'zh-CN' : 'en';
}
