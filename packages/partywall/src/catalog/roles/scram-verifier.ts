/**
 * What PostgreSQL stores of a password (RFC 5802). It is made here, so that the password itself is in no statement: a server may log statements, and
 * views show them to others. PostgreSQL takes a text of this form as it is, whatever `password_encryption` says.
 */
import { createHash, createHmac, pbkdf2, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'

/** PostgreSQL's own number. */
const iterations = 4096
const saltBytes = 16

/** @param password in ASCII: others would have to be normalized first */
export async function scramVerifier(password: string, salt: Buffer = randomBytes(saltBytes)): Promise<string> {
  const salted = await promisify(pbkdf2)(password, salt, iterations, 32, 'sha256')
  const storedKey = createHash('sha256').update(hmac(salted, 'Client Key')).digest('base64')
  const serverKey = hmac(salted, 'Server Key').toString('base64')
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${storedKey}:${serverKey}`
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
