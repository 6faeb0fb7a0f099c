/** How a certificate looks: on paper first, black on white, without anything from elsewhere. */
import { cssString, Html } from './html.ts';

/** @param footer - what stands at the foot of every page, beside its number. */
export function styleText(footer: string): Html {
  return new Html(`
@page {
  margin: 20mm 18mm 22mm;
  @bottom-left { content: ${cssString(footer)}; font: 8pt Georgia, "Times New Roman", serif; }
  @bottom-right { content: "Page " counter(page) " of " counter(pages); font: 8pt Georgia, "Times New Roman", serif; }
}
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 52rem; padding: 2.5rem 2rem 4rem; background: #fff; color: #000;
  font: 11pt/1.45 Georgia, "Times New Roman", serif; overflow-wrap: anywhere; }
header { border-bottom: 2pt solid #000; margin-bottom: 1.6rem; padding-bottom: .8rem; }
h1 { font-size: 22pt; font-weight: normal; line-height: 1.2; margin: 0 0 .5rem; }
h2 { font-size: 14pt; margin: 2.2rem 0 .7rem; border-bottom: .5pt solid #000; padding-bottom: .2rem; }
h3 { font-size: 11.5pt; margin: 1.5rem 0 .4rem; }
h4 { font-size: 11pt; font-style: italic; font-weight: bold; margin: 1.1rem 0 .3rem; }
h1, h2, h3, h4, p:has(+ table), p:has(+ ul), p:has(+ pre) { break-after: avoid; }
p, ul { margin: .4rem 0 .7rem; orphans: 3; widows: 3; }
ul { padding-left: 1.4rem; }
li { margin: .25rem 0; }
.matter { font-size: 14pt; margin: 0 0 .15rem; }
.id { margin: 0; }
.verdict { border: 1pt solid #000; padding: .6rem .8rem; font-weight: bold; }
.note { font-size: 9.5pt; font-style: italic; }
code, pre { font-family: "Liberation Mono", "DejaVu Sans Mono", Consolas, Menlo, monospace; font-size: .86em; }
code, code bdi { direction: ltr; unicode-bidi: isolate; }
pre { border: .5pt solid #777; padding: .5rem .7rem; margin: .5rem 0 .8rem; line-height: 1.4;
  white-space: pre-wrap; overflow-wrap: anywhere; break-inside: avoid; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; margin: .6rem 0 1rem; }
th, td { text-align: left; vertical-align: top; }
tr { break-inside: avoid; }
tr.long { break-inside: auto; }
.facts th { width: 36%; font-weight: normal; }
.facts th, .facts td { padding: .22rem .6rem .22rem 0; border-bottom: .5pt solid #bbb; }
.scope { break-inside: avoid; }
.list { font-size: 9pt; line-height: 1.35; border-bottom: 1pt solid #000; }
.list thead { display: table-header-group; }
.list thead th { border-top: 1pt solid #000; border-bottom: 1pt solid #000; padding: .3rem .45rem; vertical-align: bottom; }
.list tbody td, .list tbody th { padding: .35rem .45rem; border-bottom: .5pt solid #bbb; }
.list code { font-size: 8pt; }
.list small { font-size: 8pt; font-style: italic; }
.list .number { text-align: right; padding-left: .1rem; font-variant-numeric: tabular-nums; }
.people th:first-child { width: 17%; }
.people th:nth-child(3) { width: 21%; }
.found th:first-child, .versions th:first-child { width: 8%; }
.found th:nth-child(3) { width: 36%; }
.versions th:nth-child(3) { width: 13%; }
.versions th:nth-child(4) { width: 19%; }
.versions th:nth-child(5) { width: 19%; }
.pages th:first-child { width: 37%; }
.certification { break-before: page; }
.frame { line-height: 2.1; }
.blank { display: inline-block; border-bottom: .75pt solid #000; height: 1.1em; vertical-align: baseline; }
.wide { width: 15rem; max-width: 100%; }
.signature { margin-top: 1.6rem; }
.signature th { width: 22%; font-weight: normal; vertical-align: bottom; padding-bottom: .2rem; }
.signature td { border-bottom: .75pt solid #000; height: 2.6rem; }
.signature .tall { height: 4.6rem; }
@media print {
  body { max-width: none; padding: 0; font-size: 10pt; }
  h2 { margin-top: 1.6rem; }
  .list { font-size: 8.5pt; }
  .list code { font-size: 7.5pt; }
}
`);
}
