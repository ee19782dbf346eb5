import { expect, test } from 'vitest'
import { render } from './template.ts'

const of = (template: string, ...features: string[]): string => render(template, new Set(features), { name: 'my-app' })

test('lines stay where one of the words is a feature, and the directives go', () => {
  const template = 'a\n//? if jwt|better-auth\nb\n  //? else\nc\n//? end\nd\n'
  expect(of(template, 'jwt')).toBe('a\nb\nd\n')
  expect(of(template, 'better-auth')).toBe('a\nb\nd\n')
  expect(of(template, 'open')).toBe('a\nc\nd\n')
})

test('a block in another one stays with it', () => {
  const template = '#? if auth\na\n#? if jwt\nb\n#? end\n#? end\nc'
  expect([of(template), of(template, 'auth'), of(template, 'jwt'), of(template, 'auth', 'jwt')]).toEqual([
    'c',
    'a\nc',
    'c',
    'a\nb\nc',
  ])
})

test('values are filled in, and comments stay', () => {
  expect(of('# {{name}}\n<!--? if x -->\nx\n<!--? end -->\n// is it? if so\n')).toBe('# my-app\n// is it? if so\n')
})

test.each([
  ['//? if a', 'without an end'],
  ['//? end', 'without an if'],
  ['//? else', 'without an if'],
  ['{{other}}', '{{other}}'],
])('a template that is written wrongly is refused: %s', (template, problem) => {
  expect(() => of(template)).toThrow(problem)
})
