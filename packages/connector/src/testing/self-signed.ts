import { generateKeyPairSync, sign } from 'node:crypto';

/** DER: a tag, the length, the content. */
function der(tag: number, ...content: Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  const bytes = body.length < 0x80 ? [body.length] : [0x82, body.length >> 8, body.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...bytes]), body]);
}

const SEQUENCE = 0x30;
const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const ECDSA_WITH_SHA256 = der(SEQUENCE, hex('06082a8648ce3d040302'));
const COMMON_NAME = hex('0603550403');
const BASIC_CONSTRAINTS_CA = hex('300c0603551d13040530030101ff');
const SUBJECT_ALT_NAME = hex('0603551d11');

/** A certificate of its own for tests, and its key, as PEM: for one host name, until 2049. RFC 5280 says the form. */
export function selfSigned(host: string): { cert: string; key: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = der(SEQUENCE, der(0x31, der(SEQUENCE, COMMON_NAME, der(0x0c, Buffer.from(host)))));
  const time = (text: string): Buffer => der(0x17, Buffer.from(text));
  const altNames = der(SEQUENCE, der(0x82, Buffer.from(host)));
  const body = der(
    SEQUENCE,
    der(0xa0, hex('020102')),
    hex('020101'),
    ECDSA_WITH_SHA256,
    name,
    der(SEQUENCE, time('200101000000Z'), time('491231235959Z')),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, der(SEQUENCE, BASIC_CONSTRAINTS_CA, der(SEQUENCE, SUBJECT_ALT_NAME, der(0x04, altNames)))),
  );
  const signature = der(0x03, hex('00'), sign('sha256', body, privateKey));
  const certificate = der(SEQUENCE, body, ECDSA_WITH_SHA256, signature).toString('base64');
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${certificate}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
  };
}
