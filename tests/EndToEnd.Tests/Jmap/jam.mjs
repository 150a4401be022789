// A mail from alice to bob by jmap-jam, which nobody here wrote: node jam.mjs SERVER ADDRESS PASSWORD RECIPIENT RECIPIENT_PASSWORD. It ends with the line "done".
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [server, address, password, recipient, recipientPassword] = process.argv.slice(2);
const { default: JamClient } = await import(pathToFileURL(createRequire(`${process.env.NODE_TOOLS}/`).resolve('jmap-jam')));

async function signIn(user, secret) {
  const answer = await fetch(`${server}/sign-in`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ address: user, password: secret }) });
  assert.equal(answer.status, 200, await answer.clone().text());
  const { token } = await answer.json();
  const jam = new JamClient({ sessionUrl: `${server}/.well-known/jmap`, bearerToken: token });
  return { jam, accountId: await jam.getPrimaryAccount() };
}

const { jam, accountId } = await signIn(address, password);
const session = await jam.session;
assert.equal(session.username, address);
assert.ok('urn:ietf:params:jmap:mail' in session.capabilities);

// The folders, and what a client does first: the newest messages of INBOX in one request.
const [{ list: folders }] = await jam.api.Mailbox.get({ accountId });
const byRole = role => folders.find(folder => folder.role === role)?.id;
assert.ok(byRole('inbox') && byRole('drafts') && byRole('sent'), JSON.stringify(folders));
const [first] = await jam.requestMany(t => {
  const found = t.Email.query({ accountId, filter: { inMailbox: byRole('inbox') }, sort: [{ property: 'receivedAt', isAscending: false }], limit: 10 });
  const emails = t.Email.get({ accountId, ids: found.$ref('/ids'), properties: ['id', 'subject', 'from', 'preview'] });
  return { found, emails };
});
assert.deepEqual(first.emails.list.map(email => email.id), first.found.ids);
const before = first.emails.state;

// A draft with an attachment that was uploaded.
const octets = 'the attachment\n'.repeat(1000);
const blob = await jam.uploadBlob(accountId, new Blob([octets], { type: 'text/csv' }));
assert.equal(blob.size, octets.length);
const [{ created }] = await jam.api.Email.set({
  accountId,
  create: {
    draft: {
      mailboxIds: { [byRole('drafts')]: true },
      keywords: { $draft: true, $seen: true },
      from: [{ name: 'Alice', email: address }],
      to: [{ name: null, email: recipient }],
      subject: '由 jmap-jam',
      textBody: [{ partId: 'text', type: 'text/plain' }],
      bodyValues: { text: { value: '你好\n' } },
      attachments: [{ blobId: blob.blobId, type: 'text/csv', name: 'report.csv', disposition: 'attachment' }],
    },
  },
});
const draft = created.draft.id;

// Sent, and out of the drafts when it is.
const [{ list: identities }] = await jam.api.Identity.get({ accountId });
const identity = identities.find(one => one.email === address);
assert.ok(identity, JSON.stringify(identities));
const [{ created: submitted, notCreated }] = await jam.api.EmailSubmission.set({
  accountId,
  create: { mail: { emailId: draft, identityId: identity.id } },
  onSuccessUpdateEmail: { '#mail': { [`mailboxIds/${byRole('drafts')}`]: null, [`mailboxIds/${byRole('sent')}`]: true, 'keywords/$draft': null } },
}, { using: ['urn:ietf:params:jmap:mail'] });
assert.ok(submitted?.mail, JSON.stringify(notCreated));

const [changes] = await jam.api.Email.changes({ accountId, sinceState: before });
assert.ok(changes.created.includes(draft), JSON.stringify(changes));
const [{ list: [sent] }] = await jam.api.Email.get({ accountId, ids: [draft], properties: ['mailboxIds', 'keywords', 'hasAttachment'] });
assert.deepEqual([sent.mailboxIds, sent.keywords, sent.hasAttachment], [{ [byRole('sent')]: true }, { $seen: true }, true]);

// It comes to the other account, with its text and its attachment.
const other = await signIn(recipient, recipientPassword);
const [{ list: theirs }] = await other.jam.api.Mailbox.get({ accountId: other.accountId });
const inbox = theirs.find(folder => folder.role === 'inbox').id;
let came = [];
while (came.length === 0) {
  const [answer] = await other.jam.requestMany(t => {
    const found = t.Email.query({ accountId: other.accountId, filter: { inMailbox: inbox, subject: 'jmap-jam' } });
    const emails = t.Email.get({
      accountId: other.accountId, ids: found.$ref('/ids'), properties: ['subject', 'from', 'textBody', 'bodyValues', 'attachments', 'blobId'], fetchTextBodyValues: true,
    });
    return { found, emails };
  });
  came = answer.emails.list;
}

const [mail] = came;
assert.equal(came.length, 1);
assert.equal(mail.subject, '由 jmap-jam');
assert.equal(mail.from[0].email, address);
assert.equal(mail.bodyValues[mail.textBody[0].partId].value.trim(), '你好');
assert.equal(mail.attachments[0].name, 'report.csv');
const download = await other.jam.downloadBlob({ accountId: other.accountId, blobId: mail.attachments[0].blobId, mimeType: 'text/csv', fileName: 'report.csv' });
assert.equal(await download.text(), octets);
const whole = await other.jam.downloadBlob({ accountId: other.accountId, blobId: mail.blobId, mimeType: 'message/rfc822', fileName: 'mail.eml' });
assert.match(await whole.text(), /^Subject: =\?utf-8/im);

// Nobody reads what is another's.
await assert.rejects(other.jam.api.Email.get({ accountId, ids: [draft] }), error => error.type === 'accountNotFound' || assert.fail(JSON.stringify(error)));
console.log('done');
