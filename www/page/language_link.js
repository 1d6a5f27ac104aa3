// SPDX-License-Identifier: BSD-2-Clause
//
// The link to this page in its other language.

import { byId } from './dom.js';
import { addressWith } from './settings.js';
import { language } from './texts.js';

/** Lets the link lead to the address as it is now, but for the language. */
export function showLanguageLink() {
  const link = byId('language');
  link.href = addressWith('lang', language === 'en' ? 'zh' : null);
  link.lang = link.hreflang = language === 'en' ? 'zh-CN' : 'en';
}
