import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { Cipher, Sealed } from './cipher.ts'

const [one, two] = ['1'.repeat(40), '2'.repeat(40)] as const
const acme = { id: '0195c1a0-0000-4000-8000-000000000001', schema: 'acme' }
const evil = { id: '0195c1a0-0000-4000-8000-000000000002', schema: 'evil' }
const unreadable = (reason: string) =>
  expect.objectContaining({ code: 'SETTINGS_UNREADABLE', details: expect.objectContaining({ reason }) })

test('what is sealed opens for its tenant and its key, and is another text each time', () => {
  const cipher = new Cipher([one])
  for (const value of ['s3cret', '', 0, null, false, ['a', { b: 1 }], 'ü'.repeat(1000)]) {
    const sealed = cipher.seal(acme.id, 'smtp.password', value)
    expect(cipher.open(acme, 'smtp.password', sealed)).toEqual(value)
    expect(cipher.seal(acme.id, 'smtp.password', value).text).not.toBe(sealed.text)
  }
  expect(Buffer.from(cipher.seal(acme.id, 'a', 's3cret').text, 'base64').includes('s3cret')).toBe(false)
})

test('it opens for no other tenant and no other key, where a cipher that binds it to neither does', () => {
  const cipher = new Cipher([one])
  const sealed = cipher.seal(acme.id, 'smtp.password', 's3cret')
  expect(() => cipher.open(evil, 'smtp.password', sealed)).toThrow(unreadable('altered'))
  expect(() => cipher.open(acme, 'smtp.note', sealed)).toThrow(unreadable('altered'))
  // The owner is one text: a part of the id must not pass as a part of the key.
  expect(() => cipher.open({ ...acme, id: `${acme.id} smtp.password` }, '', sealed)).toThrow(unreadable('altered'))

  const naive = naiveCipher()
  expect(naive.open(naive.seal('s3cret'))).toBe('s3cret')
})

test('every changed byte is noticed, and so is a text that ends early', () => {
  const cipher = new Cipher([one])
  const { text, by } = cipher.seal(acme.id, 'a', 's3cret')
  const bytes = Buffer.from(text, 'base64')
  for (let i = 0; i < bytes.length; i++) {
    const changed = Buffer.from(bytes)
    changed[i]! ^= 1
    expect(() => cipher.open(acme, 'a', new Sealed(changed.toString('base64'), by))).toThrow(unreadable('altered'))
    const short = bytes.subarray(0, i).toString('base64')
    expect(() => cipher.open(acme, 'a', new Sealed(short, by))).toThrow(unreadable('altered'))
  }
})

test('the first key encrypts and each decrypts; a key that is missing is named, and is no empty value', () => {
  const sealed = new Cipher([one]).seal(acme.id, 'a', 's3cret')
  expect(new Cipher([two, one]).open(acme, 'a', sealed)).toBe('s3cret')
  expect(new Cipher([two, one]).seal(acme.id, 'a', 1).by).toBe(new Cipher([two]).newest)
  expect(() => new Cipher([two]).open(acme, 'a', sealed)).toThrow(unreadable('unknown key'))
  expect(() => new Cipher([two]).open(acme, 'a', sealed)).toThrow(sealed.by)
  // A text that says another key has encrypted it.
  expect(() => new Cipher([one, two]).open(acme, 'a', new Sealed(sealed.text, new Cipher([two]).newest!))).toThrow(
    unreadable('altered'),
  )
  expect(() => new Cipher([]).seal(acme.id, 'a', 1)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
})

test('no message holds a key or a value', () => {
  const sealed = new Cipher([one]).seal(acme.id, 'a', 's3cret')
  for (const [cipher, tenant] of [
    [new Cipher([two]), acme],
    [new Cipher([one]), evil],
  ] as const) {
    const error: Error = catching(() => cipher.open(tenant, 'a', sealed))
    for (const secret of [one, two, 's3cret']) expect(`${error.stack} ${JSON.stringify(error)}`).not.toContain(secret)
  }
})

function catching(fn: () => unknown): Error {
  try {
    fn()
  } catch (error) {
    return error as Error
  }
  throw new Error('it did not throw')
}

/** As most code does it: no associated data. */
function naiveCipher() {
  const key = randomBytes(32)
  return {
    seal(value: string) {
      const nonce = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', key, nonce)
      return { nonce, text: Buffer.concat([cipher.update(value), cipher.final()]), tag: cipher.getAuthTag() }
    },
    open({ nonce, text, tag }: { nonce: Buffer; text: Buffer; tag: Buffer }) {
      const decipher = createDecipheriv('aes-256-gcm', key, nonce)
      decipher.setAuthTag(tag)
      return Buffer.concat([decipher.update(text), decipher.final()]).toString()
    },
  }
}
