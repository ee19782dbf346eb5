import { expect, test } from 'vitest'
import { loadGrammar } from '../../migrations/statements/grammar.ts'
import { bodyNames } from './body-names.ts'

const grammar = await loadGrammar()

function namesIn(language: string, body: string): string[] {
  const definition = `create function f() returns void language ${language} as $partywall$${body}$partywall$`
  return bodyNames(grammar, { language, definition, body }).map(({ schema, name }) =>
    schema === undefined ? name : `${schema}.${name}`,
  )
}

test.each([
  ['sql', 'select * from public.polls; delete from votes', ['public.polls', 'votes']],
  ['sql', "select 'polls'", []],
  ['plpgsql', 'begin if exists (select from polls) then perform g(); end if; end', ['polls', 'g']],
  ['plpgsql', 'declare one public.polls%rowtype; n "Votes".id%type; begin end', ['public.polls']],
  ['plpgsql', "begin execute format('delete from %I', 'a') || ' polls'; end", ['polls']],
  ['plpgsql', 'begin -- polls\n end', []],
  ['plpython3u', "plpy.execute('select 1 from public.polls')", ['public.polls']],
])('in %s, %j names %j', (language, body, expected) => {
  expect(namesIn(language, body)).toEqual(expect.arrayContaining(expected))
  if (expected.length === 0) expect(namesIn(language, body)).toEqual([])
})
