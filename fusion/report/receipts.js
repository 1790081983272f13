// Receipts, those that wait for a person first, and what makes each doubtful.
function drawReceipts() {
  const judged = C.truth ? C.truth.receipts : {};
  const list = C.receipts.map((receipt) => receiptRow(receipt, judged[receipt.trip]));
  byId("receipt-list").append(...(list.length ? list : [el("p", { class: "note" }, "No receipt.")]));
}

function receiptRow(receipt, judged) {
  const tone = { review: "doubt", settled: "good" }[receipt.status] || "soft";
  const pieces = receipt.lines.length === 1 ? "1 line" : `${receipt.lines.length} lines`;
  const summary = [
    el("span", { class: "grow" }, receipt.account || "nobody known"),
    el("span", { class: "soft" }, pieces),
    el("span", { class: "badge " + tone }, receipt.status),
    right(judged ? judged.exact : null),
    el("span", { class: "num" }, money(receipt.total)),
    el("span", { class: "num" }, "p " + probability(receipt.confidence)),
  ];
  return lazyRow("receipt-" + receipt.trip, summary, () => receiptBody(receipt, judged));
}

function receiptBody(receipt, judged) {
  const body = [el("p", { class: "soft" }, `Trip ${receipt.trip}, in ${clock(receipt.entered)}, out ${clock(receipt.left)}, closed ${receipt.closed === null ? "not yet" : clock(receipt.closed)}` +
    (receipt.party > 1 ? `, ${receipt.party} people on this account` : ""))];
  if (receipt.lines.length) body.push(table(
    [["Product"], ["Qty", "num"], ["Amount", "num"], ["p", "num"], ["Changes behind it"]],
    receipt.lines.map((line) => [[line.name, " ", right(judged ? judged.lines[line.sku] : null)], line.g === null ? line.qty : `${line.g.toFixed(0)} g`,
      money(line.amount), probability(line.confidence),
      line.changes.map((change) => el("div", {}, eventLink(change.event), ` ${change.decided}, p ${probability(change.p)}`))])));
  else body.push(el("p", {}, "Nothing was charged."));
  body.push(el("p", {}, `Tax ${money(receipt.tax)}, total `, el("strong", {}, money(receipt.total))));
  if (judged) body.push(...Object.entries(judged.should).map(([sku, n]) => el("p", { class: "bad" }, `✗ should have ${n} of ${named(sku)}`)));
  body.push(el("h3", {}, receipt.why));
  if (receipt.doubts.length) body.push(el("ul", {}, receipt.doubts.map((one) => el("li", {}, eventLink(one.event),
    ` ${one.decided}; otherwise with p ${probability(one.p_otherwise)}: `, one.or.map((other) => `${other.reading} (p ${probability(other.p)})`).join(", or ")))));
  return body;
}
