/** Names that code in the database cannot guess: otherwise a function could prepare a statement under the name that another tenant uses next. */
import { createHmac, randomBytes } from 'node:crypto'

const keyOfProcess = randomBytes(32)

/** 22 characters, which are the same for the same text within this process. */
export function keyedHash(text: string): string {
  return createHmac('sha256', keyOfProcess).update(text).digest('base64url').slice(0, 22)
}
