import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext, TLSSocket } from 'node:tls';

interface Mail {
  from: string;
  to: string[];
  /** As it came: headers, an empty line, the text. */
  data: string;
  encrypted: boolean;
  login: string | null;
}

/** A mail server on loopback (RFC 5321, with STARTTLS and AUTH PLAIN). */
export interface SmtpStandIn {
  port: number;
  mails: Mail[];
  /** File with the certificate that vouches for it. */
  ca: string;
  /** What it says to the end of a mail, for instance `451 try again later`. */
  answer: string;
  /** False: it offers no encryption. */
  starttls: boolean;
  password: string;
  close(): Promise<void>;
}

export async function startSmtp(): Promise<SmtpStandIn> {
  const folder = mkdtempSync(join(tmpdir(), 'ae-smtp-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  execFileSync(
    'openssl',
    [
      ...[
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-days',
        '2',
      ],
      ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
      ...['-keyout', key, '-out', cert],
    ],
    { stdio: 'ignore' },
  );
  const context = createSecureContext({ key: readFileSync(key), cert: readFileSync(cert) });
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    talk(socket, false);
  });

  function talk(socket: Socket, encrypted: boolean): void {
    let mail: Mail = { from: '', to: [], data: '', encrypted, login: null };
    let rest = '';
    let reading = false;
    const say = (line: string): void => void socket.write(`${line}\r\n`);
    socket.on('error', () => socket.destroy());
    if (!encrypted) say('220 stand-in ESMTP');
    const onData = (part: Buffer): void => {
      rest += part.toString('utf8');
      for (;;) {
        if (reading) {
          const end = rest.indexOf('\r\n.\r\n');
          if (end < 0) return;
          mail.data = rest.slice(0, end);
          rest = rest.slice(end + 5);
          reading = false;
          if (stand.answer.startsWith('2')) stand.mails.push(mail);
          mail = { ...mail, to: [], data: '' };
          say(stand.answer);
          continue;
        }
        const end = rest.indexOf('\r\n');
        if (end < 0) return;
        const line = rest.slice(0, end);
        rest = rest.slice(end + 2);
        const verb = line.split(' ')[0]?.toUpperCase();
        if (verb === 'EHLO') {
          say('250-stand-in');
          if (!encrypted && stand.starttls) say('250-STARTTLS');
          say('250 AUTH PLAIN');
        } else if (verb === 'STARTTLS' && stand.starttls) {
          say('220 go on');
          socket.removeListener('data', onData);
          const secure = new TLSSocket(socket, { isServer: true, secureContext: context });
          sockets.add(secure);
          talk(secure, true);
          return;
        } else if (verb === 'AUTH') {
          const [, user, pass] = Buffer.from(line.split(' ')[2] ?? '', 'base64')
            .toString('utf8')
            .split('\0');
          mail.login = user ?? null;
          say(pass === stand.password ? '235 welcome' : '535 wrong password');
        } else if (verb === 'MAIL') {
          mail.from = /<(.*)>/.exec(line)?.[1] ?? '';
          say('250 ok');
        } else if (verb === 'RCPT') {
          mail.to.push(/<(.*)>/.exec(line)?.[1] ?? '');
          say('250 ok');
        } else if (verb === 'DATA') {
          say('354 go on');
          reading = true;
        } else if (verb === 'QUIT') {
          say('221 bye');
          socket.end();
        } else if (verb === 'STARTTLS') say('502 no such command');
        else say('250 ok');
      }
    };
    socket.on('data', onData);
  }

  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const stand: SmtpStandIn = {
    port,
    mails: [],
    ca: cert,
    answer: '250 taken',
    starttls: true,
    password: 'correct horse battery',
    close: () =>
      new Promise((done) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => done());
      }),
  };
  return stand;
}
