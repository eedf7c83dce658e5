// The form's arithmetic while somebody types: what `tps/rules.py` says after sending, said at once. A test compares both.

/** What the rules say against these numbers: `[{ figure, title, sentence }]`, the key of the figure under test first.
 * A rule is judged where all its numbers are there; "kosong" and "tidak_terbaca" give no verdict.
 */
export function broken(rules, numbers, sentences) {
  return rules.flatMap((rule) => {
    const said = judge(rule, numbers, sentences);
    return said ? [{ figure: rule.terms[0], title: rule.title, sentence: said }] : [];
  });
}

/** Names just these numbers of just this page, as `transcription.entry_form.fingerprint` does. */
export function fingerprint(page, numbers) {
  const all = Object.keys(numbers).sort();
  return [page, ...all.map((key) => `${key}=${numbers[key]}`)].join(" ");
}

function judge({ kind, terms, positive, limit, percent }, numbers, sentences) {
  if (!terms.every((key) => Number.isInteger(numbers[key]))) return null;
  if (!positive.every((key) => Number.isInteger(numbers[key]) && numbers[key] > 0)) return null;
  const [figure, ...others] = terms.map((key) => numbers[key]);
  if (kind === "equal") return figure === others[0] ? null : filled(sentences.equal, { figure, other: others[0] });
  if (kind === "at_most") {
    const most = limit ?? others[0];
    return figure <= most ? null : filled(sentences.at_most, { figure, limit: most });
  }
  if (kind === "reserve") others.push(Math.ceil((others[0] * percent) / 100));
  const wanted = others.reduce((sum, one) => sum + one, 0);
  const counted = `${others.join(" + ")} = ${wanted}`;
  return figure === wanted ? null : filled(sentences.sum, { counted, figure });
}

function filled(sentence, values) {
  return sentence.replace(/{(\w+)}/g, (_, name) => values[name]);
}
