import { feedPlugin } from "@11ty/eleventy-plugin-rss";
import highlight from "@11ty/eleventy-plugin-syntaxhighlight";
import katex from "@vscode/markdown-it-katex";

export default function (config) {
  config.addPlugin(highlight);
  config.addPlugin(feedPlugin, {
    type: "atom",
    outputPath: "/feed.xml",
    collection: { name: "posts", limit: 10 },
    metadata: {
      language: "ko",
      title: "Posts",
      subtitle: "",
      base: "https://example.org/",
      author: { name: "Somebody" },
    },
  });
  config.amendLibrary("md", (markdown) =>
    markdown.use(katex.default ?? katex, { output: "@MATH@", throwOnError: true }),
  );
  config.addCollection("posts", (all) => all.getFilteredByGlob("posts/*.md"));
  config.addCollection("inCategories", (all) => {
    const categories = {};
    for (const post of all.getFilteredByGlob("posts/*.md").reverse()) {
      (categories[post.data.category] ??= []).push(post);
    }
    return categories;
  });
  config.addFilter("newest", (posts, count) => posts.slice(-count).reverse());
  config.addFilter("day", (date) => date.toISOString().slice(0, 10));
}

// Posts are Markdown and nothing else, as they are for the others.
export const config = { markdownTemplateEngine: false, htmlTemplateEngine: "njk" };
