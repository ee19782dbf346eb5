/** The tests of Express once more, on Express 4. */
import express from 'express'
import { expect, test, vi } from 'vitest'

vi.mock('express', () => vi.importActual<object>('express-v4'))
await import('./express.test.ts')
await import('./request-property.test.ts')

test('the tests of this file run on Express 4', () => {
  expect(express).toHaveProperty('query')
})
