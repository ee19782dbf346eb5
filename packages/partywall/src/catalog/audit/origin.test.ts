import { expect, test } from 'vitest'
import { origin, originOf } from './origin.ts'

test('an origin is the host, the process and its program, without arguments', () => {
  expect(originOf('web-3', 4711, 'server.js')).toBe('web-3 4711 server.js')
  expect(origin).toMatch(new RegExp(`^\\S+ ${process.pid} \\S+$`))
})

test('an origin has three words of bounded length, whatever a file is called', () => {
  expect(originOf('a b', 1, 'x\ny\u202Ez\0.js')).toBe('a_b 1 x_y_z_.js')
  expect(originOf('h'.repeat(300), 1, 'p'.repeat(300))).toHaveLength(203)
})
