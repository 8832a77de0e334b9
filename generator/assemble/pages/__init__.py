"""The pages of a site, through the theme's templates.

1. `templates`  filled, with the place of every mistake in them
2. `assets`     styles and scripts, under names that tell their content
3. `blog`       what all pages are made from; `mention` has a post as other pages tell of it
4. `page`       what every page has, of whatever kind

and a module for each kind of page: `post`, `redirects`, `lists`, `archive`, `search`, `missing`.
A build of one changed post imports what makes its own page, and none of the others.
"""
