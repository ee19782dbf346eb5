/** What the demo data are made of. */
export const firstNames =
  'Ada Alan Anita Barbara Björn Chiara Claude Dana Edsger Elif Fatima Frances Grace Hedy Ines Jean Joan Kai Katherine Lena Linus Maryam Mei Niklaus Noor Omar Radia Rosa Shafi Sofia Tim Yuki'.split(
    ' ',
  )
export const lastNames =
  'Berger Chen Costa Dahl Dubois Fischer García Haddad Hansen Hopper Ivanova Jansen Kaya Kowalski Lamarr Lee Lindqvist Meier Moreau Nakamura Novák Okafor Patel Perlman Rossi Schmidt Silva Turing Wagner Yilmaz'.split(
    ' ',
  )
export const companyNames =
  'Alder Amber Anchor Atlas Beacon Birch Bright Cedar Cobalt Copper Coral Crane Delta Ember Falcon Fjord Granite Harbour Hazel Iris Juniper Kestrel Lark Linden Lotus Maple Meridian North Oak Opal Orchid Osprey Pine Quartz Raven River Rowan Sable Silver Slate Spruce Stone Summit Thistle Vale Willow'.split(
    ' ',
  )
export const companyKinds = [
  'Analytics',
  'Bakery',
  'Bikes',
  'Books',
  'Coffee',
  'Consulting',
  'Energy',
  'Foods',
  'Garden',
  'Glass',
  'Logistics',
  'Media',
  'Optics',
  'Paper',
  'Robotics',
  'Software',
  'Studio',
  'Textiles',
  'Tools',
  'Travel',
]
export const legalForms = ['AB', 'BV', 'GmbH', 'Inc.', 'Ltd.', 'SA', 'S.r.l.']
export const places = [
  ['Amsterdam', 'Netherlands'],
  ['Barcelona', 'Spain'],
  ['Berlin', 'Germany'],
  ['Copenhagen', 'Denmark'],
  ['Dublin', 'Ireland'],
  ['Hamburg', 'Germany'],
  ['Kraków', 'Poland'],
  ['Lisbon', 'Portugal'],
  ['Lyon', 'France'],
  ['Milan', 'Italy'],
  ['Munich', 'Germany'],
  ['Oslo', 'Norway'],
  ['Stockholm', 'Sweden'],
  ['Vienna', 'Austria'],
  ['Zürich', 'Switzerland'],
] as const
export const offers = [
  'Annual licence',
  'Audit',
  'Data migration',
  'Maintenance',
  'New website',
  'Pilot',
  'Renewal',
  'Rollout',
  'Support contract',
  'Training',
  'Workshop',
]
export const errands = [
  'Call back',
  'Check the contract',
  'Plan the next meeting',
  'Prepare a demo',
  'Send the invoice',
  'Send the offer',
  'Update the forecast',
  'Write the summary',
]
export const remarks = [
  'Prefers to be called in the morning.',
  'Asked for references in the same industry.',
  'The budget is approved by the end of the quarter.',
  'Met at the fair; interested in a pilot with one team first.',
  'Compares us with two other suppliers. The price is not the main point.',
  'Needs an answer from the legal department about the contract.',
]
