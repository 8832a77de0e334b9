# A page for each tag and for each category, which Jekyll does not make by itself.
module Lists
  class Generator < Jekyll::Generator
    def generate(site)
      { "tag" => site.tags, "category" => site.categories }.each do |kind, lists|
        lists.each do |name, posts|
          page = Jekyll::PageWithoutAFile.new(site, site.source, "#{kind}/#{name}", "index.html")
          page.data.merge!("layout" => "list", "title" => name, "posts" => posts)
          site.pages << page
        end
      end
    end
  end
end
