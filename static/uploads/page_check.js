// What to say about a photo before it is sent: a pure function. It only ever asks; nothing is refused.

/**
 * The remarks, most urgent first: { kind, sentence, action }.
 *
 * recognition  what recognise.js says of the photo
 * chosen       { kind, page }: the contest's kind, and the page it is to be sent as; page null: not known
 * pagesByTag   { "101": { kind, page }, … } (uploads/page_tags.py, meanings)
 * words        the sentences by kind; `{page}` in them stands for the page that the tag says
 *
 * `action` is { page, yes, no } where the sender is asked to send it as that page, with the words of the two answers;
 * else null.
 */
export function remarks(recognition, chosen, pagesByTag, words) {
  const { tag, blurred, dark } = recognition;
  const said = [];
  const say = (kind, action = null, page = "") =>
    said.push({ kind, sentence: words[kind].replaceAll("{page}", page), action });
  const meant = tag && pagesByTag[tag.id];
  const tagged = Object.values(pagesByTag).some(({ kind }) => kind === chosen.kind);

  if (meant?.kind === chosen.kind && meant.page !== chosen.page) {
    const yes = words.yes.replaceAll("{page}", meant.page);
    say("wrong_page", { page: meant.page, yes, no: words.no }, meant.page);
  }
  // A tag that nobody here knows is another ballot's only where this ballot's own tags are known.
  if (tag && meant?.kind !== chosen.kind && (meant || tagged)) say("other_ballot");
  if (tag?.turn) say("turned");
  if (blurred) say("blurred");
  if (dark) say("dark");
  return said;
}
